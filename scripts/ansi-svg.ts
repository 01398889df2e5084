// oxlint-disable no-control-regex
/** Terminal output with SGR colours -> SVG, for the pictures of the documentation. */

const COLORS: { [code: number]: string } = { 31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 34: "#79c0ff", 36: "#56d4dd" };
const CELL = { width: 8.43, height: 18 };
const PAD = 14;

interface Style {
  color: string | null;
  bold: boolean;
  dim: boolean;
}

/** `width`: terminal cells of a line. Colours, bold and dim are drawn; every other control sequence is an error, since nothing else is printed. */
export function ansiSvg(text: string, width: number, title: string): string {
  const lines = text.replace(/\n+$/, "").split("\n");
  const size = { width: Math.ceil(width * CELL.width + 2 * PAD), height: lines.length * CELL.height + 2 * PAD };
  const style: Style = { color: null, bold: false, dim: false };
  const drawn = lines.map((line, row) => {
    let column = 0;
    const parts = line.split(/(\u001b\[[\d;]*m)/).map((part) => {
      const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
      if (codes !== undefined) {
        for (const code of codes.split(";")) restyle(style, Number(code));
        return "";
      }
      if (part.includes("\u001b")) throw new Error(`a control sequence that is no colour: ${JSON.stringify(part)}`);
      const x = PAD + column * CELL.width;
      column += [...part].length;
      return part.trim() === "" ? "" : `<tspan x="${x.toFixed(1)}"${attributes(style)}>${escaped(part).replaceAll(" ", "\u00a0")}</tspan>`;
    });
    return `<text y="${PAD + (row + 0.75) * CELL.height}">${parts.join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escaped(title)}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">
${drawn.join("\n")}
</g>
</svg>
`;
}

function restyle(style: Style, code: number): void {
  if (code === 0) Object.assign(style, { color: null, bold: false, dim: false });
  else if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 22) Object.assign(style, { bold: false, dim: false });
  else if (code === 39) style.color = null;
  else style.color = COLORS[code] ?? style.color;
}

function attributes({ color, bold, dim }: Style): string {
  return `${color === null ? "" : ` fill="${color}"`}${bold ? ' font-weight="bold"' : ""}${dim ? ' opacity="0.65"' : ""}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
