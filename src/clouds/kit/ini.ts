/** INI as the clouds' own tools write it: sections of `key = value`. Only the keys asked for are kept: such files hold secrets too. */

/** Sections by name, in their order; what lies before the first section is left out. Nested values (indented lines) are left out. */
export function iniSections(text: string, keys: readonly string[]): Map<string, { [key: string]: string }> {
  const sections = new Map<string, { [key: string]: string }>();
  let current: { [key: string]: string } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const name = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (name !== undefined) {
      current = sections.get(name) ?? {};
      sections.set(name, current);
      continue;
    }
    const [, key, value] = /^([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (current !== null && key !== undefined && value !== undefined && value !== "" && keys.includes(key)) current[key] = value;
  }
  return sections;
}
