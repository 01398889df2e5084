/** Profiles that the AWS command line left on this machine (docs.aws.amazon.com/cli, "Configuration and credential file settings"). */
import { iniSections } from "../kit/ini.ts";
import type { Machine, Place } from "../room.ts";

const KEYS = ["region", "sso_account_id", "role_arn"];

/** Those of the configuration file, then those of the credentials file alone, then the environment's credentials. No secret is read. */
export function discover({ home, env, read }: Machine): Place[] {
  const configFile = env["AWS_CONFIG_FILE"] || `${home}/.aws/config`;
  const credentialsFile = env["AWS_SHARED_CREDENTIALS_FILE"] || `${home}/.aws/credentials`;
  const fallback = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined;
  const places = new Map<string, Place>();
  const add = (profile: string, found: { [key: string]: string }, source: string): void => {
    const region = found["region"] ?? fallback;
    const account = found["sso_account_id"] ?? /^arn:[a-z-]+:iam::(\d{12}):/.exec(found["role_arn"] ?? "")?.[1] ?? null;
    if (!places.has(profile))
      places.set(profile, { cloud: "aws", name: profile, account, regions: region === undefined ? [] : [region], profile, source });
  };
  for (const [section, found] of iniSections(read(configFile) ?? "", KEYS)) {
    const profile = section === "default" ? section : /^profile\s+(.+)$/.exec(section)?.[1];
    if (profile !== undefined) add(unquoted(profile), found, configFile);
  }
  for (const section of iniSections(read(credentialsFile) ?? "", []).keys()) add(section, {}, credentialsFile);
  const list = [...places.values()];
  if (list.length > 0 || !env["AWS_ACCESS_KEY_ID"]) return list;
  return [
    {
      cloud: "aws",
      name: "environment",
      account: null,
      regions: fallback === undefined ? [] : [fallback],
      profile: null,
      source: "AWS_ACCESS_KEY_ID",
    },
  ];
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, "$2");
