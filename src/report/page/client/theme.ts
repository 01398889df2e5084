/** The button that changes between the system's theme, light and dark. */
import { button } from "./dom.ts";

const NEXT = { system: "light", light: "dark", dark: "system" } as const;
type Theme = keyof typeof NEXT;

/** The choice holds while the page is open: a file has no storage that is its own. */
export function mountTheme(): void {
  let theme: Theme = "system";
  const tool = button("", () => show(NEXT[theme]));
  function show(next: Theme): void {
    theme = next;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    tool.textContent = `Theme: ${theme}`;
  }
  show("system");
  document.querySelector(".tools")?.append(tool);
}
