/** A flag that takes a share: `10%` or `0.1`. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";

/** Parsed to a number: `10%` is 0.1. */
export const shareFlag = Flags.custom<number>({
  helpValue: "PERCENT",
  parse: async (text) => {
    const found = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
    if (found === null) throw new UserError(`${JSON.stringify(text)} is no share: 10% or 0.1`);
    return Number(found[1]) / (found[2] === "%" ? 100 : 1);
  },
});
