/** Said below a table that has a row of lines whose function is not known. */
import { UNNAMED } from "../../model/records.ts";

export const UNNAMED_NOTE = `Function ${UNNAMED}: an export does not say whose lines they are; import it with --function NAME into a new folder.`;
