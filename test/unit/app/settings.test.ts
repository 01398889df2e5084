import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/model/errors.ts";
import { loadSettings } from "../../../src/app/settings.ts";

function folder(yaml: string | null): string {
  const dir = mkdtempSync(join(tmpdir(), "evscope-settings-"));
  if (yaml !== null) writeFileSync(join(dir, "evscope.yaml"), yaml);
  return dir;
}

describe("loadSettings", () => {
  it("works without a file", () => {
    expect(loadSettings(null, folder(null)).correlationKeys).toEqual([]);
  });

  it("adds correlation keys, in any spelling", () => {
    const settings = loadSettings(null, folder("correlation:\n  keys: [bookingRef]\n"));
    expect(settings.keys.inText('{"booking_ref":"BR-77"}')).toEqual([{ kind: "correlation", value: "BR-77" }]);
  });

  it("names file, line and column of a key it does not know", () => {
    const dir = folder("correlation:\n  keys: []\n  kees: [x]\n");
    expect(() => loadSettings(null, dir)).toThrow(/evscope\.yaml:3:9: correlation\.kees/);
  });

  it("names line and column of a value of the wrong kind, and of broken YAML", () => {
    expect(() => loadSettings(null, folder("correlation:\n  keys: nope\n"))).toThrow(/evscope\.yaml:2:9: correlation\.keys/);
    expect(() => loadSettings(null, folder("correlation: [\n"))).toThrow(/evscope\.yaml:\d+:\d+: not valid YAML/);
  });

  it("takes a section whose lines are commented out as not there", () => {
    expect(loadSettings(null, folder("correlation:\n#  keys: [x]\nprices:\n"))).toMatchObject({ correlationKeys: [], pricesFile: null });
    expect(loadSettings(null, folder("correlation:\n  keys:\n")).correlationKeys).toEqual([]);
  });

  it("refuses an alias of nothing, and a folder, as errors of the user", () => {
    expect(() => loadSettings(null, folder("prices: *nope\n"))).toThrow(UserError);
    expect(() => loadSettings(".", folder(null))).toThrow(/a folder, no file/);
  });

  it("refuses a named file that is missing", () => {
    expect(() => loadSettings("other.yaml", folder(null))).toThrow(/no configuration file at other\.yaml/);
  });
});
