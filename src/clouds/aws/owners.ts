/**
 * Who owns a resource, by what the cloud says: CloudFormation and the tools on top of it tag what they make, others are known by
 * the tags that their users give. A look at the working folder is the caller's.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
 */
import { type Api, AwsError, type AwsApi, iamAction } from "./api.ts";
import { list, obj, objects, type Obj, text } from "./schema.ts";
import { asUserError } from "./user-error.ts";

/** Tags that name the tool on top of CloudFormation, or another tool altogether. Values are shown: they are names of projects and stages. */
const TOOL_TAGS: readonly { tag: RegExp; value: RegExp; tool: string }[] = [
  { tag: /^lambda:createdBy$/, value: /^SAM$/, tool: "AWS SAM" },
  { tag: /^serverless-repo:applicationId$/, value: /./, tool: "Serverless Application Repository" },
  { tag: /^aws:cdk:path$|^aws-cdk:/, value: /./, tool: "AWS CDK" },
  { tag: /^sst:app$/, value: /./, tool: "SST" },
  { tag: /^(user:Application|amplify:)/, value: /./, tool: "AWS Amplify" },
  { tag: /^copilot-application$/, value: /./, tool: "AWS Copilot" },
  { tag: /^aws:servicecatalog:provisionedProductArn$/, value: /./, tool: "AWS Service Catalog" },
  // no such tag is set by these tools themselves: teams set it by default_tags
  { tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i, value: /terraform|opentofu/i, tool: "Terraform" },
  { tag: /^(terraform|tf[-_]module|tf[-_]workspace)/i, value: /./, tool: "Terraform" },
  { tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i, value: /pulumi/i, tool: "Pulumi" },
  { tag: /^pulumi:/i, value: /./, tool: "Pulumi" },
  {
    tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i,
    value: /serverless/i,
    tool: "Serverless Framework",
  },
  {
    tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i,
    value: /crossplane|ansible|chef|cdk|cloudformation|sam$/i,
    tool: "infrastructure as code",
  },
];

/** How the owners of a resource are found. */
interface OwnerQuestion {
  /** The call that lists its tags; null: this kind has none. */
  tags: readonly [operation: Api, input: object] | null;
  /** ID under which CloudFormation knows it, where no tag names the stack. */
  physicalId: string;
}

/** Owners as sentences, most certain first. A call that is denied makes the owner unknown, and is named; empty: both said nobody. */
export async function ownersOf(api: AwsApi, { tags: question, physicalId }: OwnerQuestion): Promise<string[]> {
  const tagged = question === null ? { answer: null, unknown: null } : await asked(api, ...question);
  const tags = tagsOf(tagged.answer);
  const stack = text(tags["aws:cloudformation:stack-name"]);
  const found: string[] = stack === null ? [] : [stackOwner(stack, text(tags["aws:cloudformation:logical-id"]))];
  found.push(...toolsOf(tags));
  const unknown = tagged.unknown === null ? [] : [tagged.unknown];
  if (stack === null) {
    const resources = await asked(api, "cloudformation:DescribeStackResources", { PhysicalResourceId: physicalId });
    if (resources.unknown !== null) unknown.push(resources.unknown);
    for (const one of list(resources.answer?.["StackResources"]).map(obj)) {
      const owner = text(one?.["StackName"]);
      if (owner !== null && text(one?.["PhysicalResourceId"]) === physicalId)
        found.unshift(stackOwner(owner, text(one?.["LogicalResourceId"])));
    }
  }
  return [...new Set([...found, ...unknown])];
}

/** Services answer with `Tags` or `tags`, an object or a list of `Key` and `Value`. */
function tagsOf(answer: Obj | null): Obj {
  const tags = answer?.["Tags"] ?? answer?.["tags"];
  if (!Array.isArray(tags)) return obj(tags) ?? {};
  return Object.fromEntries(objects(tags).flatMap((one) => (text(one["Key"]) === null ? [] : [[text(one["Key"])!, one["Value"] ?? null]])));
}

function stackOwner(stack: string, logicalId: string | null): string {
  return `CloudFormation stack ${stack}${logicalId === null ? "" : ` (${logicalId})`}`;
}

function toolsOf(tags: Obj): string[] {
  const found: string[] = [];
  for (const [tag, value] of Object.entries(tags)) {
    const tool = TOOL_TAGS.find((one) => one.tag.test(tag) && one.value.test(String(value)))?.tool;
    if (tool !== undefined) found.push(`${tool} (tag ${tag}=${String(value).slice(0, 60)})`);
  }
  return found;
}

/** Nothing there, and an endpoint without this API, are answers too. */
async function asked(api: AwsApi, operation: Api, input: object): Promise<{ answer: Obj | null; unknown: string | null }> {
  try {
    return { answer: await api.call(operation, input), unknown: null };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.kind === "denied") return { answer: null, unknown: `unknown: ${iamAction(operation)} is not granted` };
    if (error.kind === "not-found" || error.kind === "unsupported" || isNoStack(error)) return { answer: null, unknown: null };
    throw asUserError(error, "find out who owns it");
  }
}

/** CloudFormation's answer for a resource of no stack: `ValidationError: Stack for orders does not exist`. */
function isNoStack(error: AwsError): boolean {
  return error.api === "cloudformation:DescribeStackResources" && /does not exist|not found/i.test(error.message);
}
