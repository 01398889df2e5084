/**
 * The text of a log line in its cell: the line's own request ID is a mark, so that START and END lines become constants
 * and no line pays for an ID that its own column holds. In SQL: `replace(message, chr(1), requestId)`.
 */
const MARK = "\x01";
/** First character of a text that is stored as it is, since it holds the mark itself. */
const AS_IS = "\x02";

export function packMessage(message: string, requestId: string | null): string {
  if (message.includes(MARK) || message.startsWith(AS_IS)) return AS_IS + message;
  if (requestId === null || requestId.length < 8) return message;
  const at = message.indexOf(requestId);
  if (at < 0) return message;
  const behind = at + requestId.length;
  const rest = message.slice(behind);
  return message.slice(0, at) + MARK + (rest.includes(requestId) ? rest.replaceAll(requestId, MARK) : rest);
}

export function unpackMessage(cell: string, requestId: string | null): string {
  if (cell.startsWith(AS_IS)) return cell.slice(1);
  return requestId === null ? cell : cell.replaceAll(MARK, () => requestId);
}
