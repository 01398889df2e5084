/** Text as a word of a command that is printed to be copied: names come from telemetry, and a POSIX shell must read them back as they are. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
