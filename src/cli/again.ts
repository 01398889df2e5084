/** Commands that are printed to be copied lead to the same dataset and account as the one that printed them. */
import { shellWord } from "../model/shell-word.ts";

/** ` --data DIR --region NAME`, with a space before, as this command was told; empty: nothing but defaults. */
export function again(flags: {
  data: string;
  config?: string | undefined;
  account?: readonly string[] | undefined;
  subscription?: readonly string[] | undefined;
  project?: readonly string[] | undefined;
  profile?: string | undefined;
  region?: readonly string[] | undefined;
}): string {
  const given: [string, string][] = [
    ...(flags.data === ".evscope" ? [] : [["--data", flags.data] as [string, string]]),
    ...(flags.config === undefined ? [] : [["--config", flags.config] as [string, string]]),
    ...(flags.account ?? []).map((name): [string, string] => ["--account", name]),
    ...(flags.subscription ?? []).map((id): [string, string] => ["--subscription", id]),
    ...(flags.project ?? []).map((id): [string, string] => ["--project", id]),
    ...(flags.profile === undefined ? [] : [["--profile", flags.profile] as [string, string]]),
    ...(flags.region ?? []).map((name): [string, string] => ["--region", name]),
  ];
  return given.map(([flag, value]) => ` ${flag} ${shellWord(value)}`).join("");
}
