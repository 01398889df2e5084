/** What the page does beyond being read: theme, tables that sort and search, chains. Builds with DOM calls only; text never becomes markup. */
import { mountChains } from "./chain/index.ts";
import { mountTables } from "./tables.ts";
import { mountTheme } from "./theme.ts";

mountTheme();
mountTables();
mountChains();
