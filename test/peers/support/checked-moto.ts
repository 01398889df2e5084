/**
 * moto's access checking (https://docs.getmoto.org/en/latest/docs/iam.html): an admin who may do anything, and the user `evscope`, who may do
 * what a policy says. It refuses X-Ray to every user once it checks, whatever the policy says, and asks for no permission to tag or to pass a role.
 */
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { at } from "./order-system.ts";

export const REFUSED_ALWAYS = /^xray:/;

/** moto makes the name of an action from what requests are signed for and the API's name, which are not always those of IAM. */
const MOTO_NAMES: Record<string, string> = { cloudwatch: "monitoring", tag: "tagging", "lambda:InvokeFunction": "lambda:Invoke" };
const motoName = (action: string): string => MOTO_NAMES[action] ?? action.replace(/^\w+/, (service) => MOTO_NAMES[service] ?? service);

/** As `doctor --policy` prints it. */
export interface Policy {
  Version: string;
  Statement: { Action: string[] }[];
}

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface CheckedMoto {
  /** Of who may do anything, for the vendor's SDK. */
  admin: Key;
  /** Of `evscope`, who may do nothing yet. */
  user: Key;
  /** Replaces what `evscope` may do. */
  allow(policy: Policy): Promise<void>;
}

/** From now on this server checks what everybody does. */
export async function checkPermissions(url: string): Promise<CheckedMoto> {
  const anybody = new IAMClient(at(url));
  const keyOf = async (UserName: string): Promise<Key> => {
    await anybody.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await anybody.send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  };
  const put = (iam: IAMClient, UserName: string, document: object): Promise<unknown> =>
    iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "only", PolicyDocument: JSON.stringify(document) }));
  const [admin, user] = [await keyOf("admin"), await keyOf("evscope")];
  await put(anybody, "admin", { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });
  await fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: "0" });
  const iam = new IAMClient({ ...at(url), credentials: admin });
  return {
    admin,
    user,
    async allow(policy) {
      const Statement = policy.Statement.map((one) => ({ ...one, Action: one.Action.map(motoName) }));
      await put(iam, "evscope", { ...policy, Statement });
    },
  };
}

/** The policy with this action in none of its statements. */
export function without(policy: Policy, action: string): Policy {
  const Statement = policy.Statement.map((one) => ({ ...one, Action: one.Action.filter((given) => given !== action) }));
  return { ...policy, Statement: Statement.filter((one) => one.Action.length > 0) };
}
