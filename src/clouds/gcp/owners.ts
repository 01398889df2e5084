/**
 * Who owns a service or function, by the labels and fields that tools leave behind. A look at the working folder is the caller's.
 * https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference#add_terraform_attribution_label
 */
import { type JsonObject, objectAt, textAt } from "../../model/json.ts";
import { functionOver } from "./service-state.ts";

/** Labels that name a tool. Values are shown: they are names of projects and stages. */
const LABELS: readonly { label: RegExp; value: RegExp; tool: string }[] = [
  { label: /^goog-terraform-provisioned$/, value: /^true$/, tool: "Terraform" },
  { label: /^managed-by-cnrm$/, value: /^true$/, tool: "Config Connector" },
  { label: /^goog-(dm|deployment-manager)$/, value: /./, tool: "Deployment Manager" },
  { label: /^(goog-)?(infra-manager|config-deployment-name)/, value: /./, tool: "Infrastructure Manager" },
  { label: /^goog-pulumi-provisioned$/, value: /^true$/, tool: "Pulumi" },
  { label: /^firebase-functions-(hash|codebase|instance-id)$/, value: /./, tool: "Firebase" },
  { label: /^deployment-(tool|scheduled|callable)$/, value: /^cli-firebase$/, tool: "Firebase" },
  {
    label: /^managed[-_]?by$|^provisioner$|^iac$/,
    value: /terraform|opentofu|pulumi|crossplane|ansible|config-?connector/,
    tool: "infrastructure as code",
  },
  { label: /^gcb-trigger-id$|^managed-by$/, value: /^[0-9a-f-]{36}$|^gcp-cloud-build-deploy-cloud-run$/, tool: "Cloud Build" },
  { label: /^goog-managed-by$/, value: /^clouddeploy$/, tool: "Cloud Deploy" },
];

/** Tools that deploy from a description. `gcloud` and `cloud-console` are hands. */
const CLIENTS: { readonly [client: string]: string } = {
  terraform: "Terraform",
  pulumi: "Pulumi",
  clouddeploy: "Cloud Deploy",
  "cloud-deploy": "Cloud Deploy",
  "cloud-run-continuous-deployment": "Cloud Build",
  "firebase-tools": "Firebase",
  cnrm: "Config Connector",
};

/** Owners as sentences, most certain first. Empty: nobody known. */
export function ownersIn(found: JsonObject): string[] {
  const labels = { ...objectAt(found, "labels") };
  const owners: string[] = [];
  const over = functionOver(found);
  if (over !== null) owners.push(`Cloud Functions: function ${over}, which is deployed over it`);
  for (const [label, value] of Object.entries(labels)) {
    const tool = LABELS.find((one) => one.label.test(label) && one.value.test(String(value)))?.tool;
    if (tool !== undefined) owners.push(`${tool} (label ${label}=${String(value).slice(0, 60)})`);
  }
  const annotations = objectAt(found, "annotations") ?? {};
  const client = textAt(found, "client") ?? textAt(annotations, "run.googleapis.com/client-name");
  const tool = client === null ? undefined : CLIENTS[client.toLowerCase()];
  if (tool !== undefined) owners.push(`${tool} (last deployed by client ${client})`);
  return [...new Set(owners)];
}
