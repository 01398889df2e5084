import { describe, expect, it } from "vitest";
import { anchor, escapeHtml, jsonBlock } from "../../../../src/report/page/html.ts";

describe("text in HTML", () => {
  it("markup becomes text, what steers or hides becomes visible", () => {
    expect(escapeHtml(`<a href="x" title='y'>&amp;`)).toBe("&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
    expect(escapeHtml("a\u001b[31mb\u202ec\ud800d")).toBe("a\\x1b[31mb\\u202ec\\ud800d");
  });

  it("a block of JSON cannot end its element, and reads back as it was", () => {
    const value = { text: "</script><!-- & \u2028", list: [1, null] };
    expect(jsonBlock(value)).not.toMatch(/[<>&\u2028]/);
    expect(JSON.parse(jsonBlock(value))).toEqual(value);
  });

  it("half surrogate pairs become the replacement character (Unicode U+FFFD)", () => {
    expect(JSON.parse(jsonBlock({ text: "a\ud800b" }))).toEqual({ text: "a\ufffdb" });
  });

  it("anchors are plain words", () => {
    expect(anchor("Not known, and how this was made")).toBe("not-known-and-how-this-was-made");
    expect(anchor("By tag <script>")).toBe("by-tag-script");
  });
});
