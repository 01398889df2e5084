/** Flags of commands that print tables of rows. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";
import type { Arrangement } from "../report/arrange.ts";

const group = { helpGroup: "TABLE" };

export const columnFlags = {
  columns: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ",",
    helpValue: "NAME",
    description: "only these columns, in this order: names as in the header, without unit",
  }),
  csv: Flags.boolean({ ...group, exclusive: ["format"], description: "the same as --format csv" }),
};

export const tableFlags = {
  ...columnFlags,
  sort: Flags.string({
    ...group,
    helpValue: "NAME",
    description: "sort by this column: numbers greatest first, text from A; -NAME the other way round; --top then cuts what is sorted",
  }),
};

interface TableFlags {
  columns?: string[] | undefined;
  sort?: string | undefined;
  csv?: boolean | undefined;
  format: string;
}

/** The form asked for, with `--csv` for what it stands for. */
export function tableForm<Form extends string>(flags: { csv?: boolean | undefined; format: Form }): Form | "csv" {
  return flags.csv === true ? "csv" : flags.format;
}

/** undefined: nothing was asked for. Throws UserError: of a form that has no columns. */
export function arrangementOf({ columns, sort, format }: TableFlags): Arrangement | undefined {
  if (columns === undefined && sort === undefined) return undefined;
  if (format === "json")
    throw new UserError("--columns and --sort arrange tables; JSON always has everything", {
      suggestions: ["--format csv", "--format table"],
    });
  return {
    columns: columns ?? null,
    sort: sort === undefined ? null : { column: sort.replace(/^-/, ""), reversed: sort.startsWith("-") },
  };
}
