/**
 * Google's messages as the JSON of its REST APIs, by the descriptions (protos) that ship with the SDKs: clients answer with defaults filled
 * in and with their own form of times, and the readers of exports take what REST says.
 * https://protobuf.dev/programming-guides/json/
 */
import { createRequire } from "node:module";
import type { JsonObject } from "../../model/json.ts";
import { loaded } from "./client-loaded.ts";

/** One method of a gRPC service. */
export interface Rpc {
  /** Name of the client's method. */
  method: string;
  paged: boolean;
  /** The request as the client takes it. */
  request(json: object): object;
  /** Throws where the answer does not fit its description. */
  answer(message: object): JsonObject;
  /** What the answer is. */
  gives: Type;
}

type Gax = typeof import("google-gax");
type Root = InstanceType<Gax["protobuf"]["Root"]>;
type Type = ReturnType<Root["lookupType"]>;
interface Resolved {
  resolvedRequestType: Type;
  resolvedResponseType: Type;
}

const roots = new Map<string, Root>();

/**
 * The method of a gRPC service (`google.cloud.run.v2.Services`) by name; null: it has none of this name. `protos`: path of the package's
 * description; `via`: the package through which it is found, where it is no dependency of ours.
 */
export async function rpcOf(protos: string, via: string | null, service: string, method: string): Promise<Rpc | null> {
  const gax = await loaded("google-gax", () => import("google-gax"));
  let root = roots.get(protos);
  if (root === undefined) {
    const own = createRequire(import.meta.url);
    const json = (via === null ? own : createRequire(own.resolve(via)))(protos) as Parameters<Gax["protobuf"]["Root"]["fromJSON"]>[0];
    roots.set(protos, (root = gax.protobuf.Root.fromJSON(json)));
  }
  const found = root.lookupService(service).methods[method];
  if (found === undefined) return null;
  // names are relative to the service: one package has a `Function` of each API version
  const { resolvedRequestType, resolvedResponseType } = found.resolve() as unknown as Resolved;
  const [takes, gives] = [resolvedRequestType, resolvedResponseType];
  return {
    method: method.charAt(0).toLowerCase() + method.slice(1),
    paged: "nextPageToken" in gives.fields,
    request: (json) => withSnakeMask(takes.toObject(gax.serializer.fromProto3JSON(takes, json as JsonObject) as never)),
    gives,
    answer: (message) => gax.serializer.toProto3JSON(withoutDefaults(gives, gives.fromObject(message) as never) as never) as JsonObject,
  };
}

/** REST takes paths of a field mask in camelCase, gRPC in snake_case. */
function withSnakeMask(request: { updateMask?: { paths?: string[] } } & object): object {
  const paths = request.updateMask?.paths;
  if (paths === undefined) return request;
  const snake = paths.map((path) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return { ...request, updateMask: { paths: snake } };
}

/** Removes fields that only say the default of their type: REST leaves them out, and presence means something where a field is optional. */
function withoutDefaults(type: Type, message: { [field: string]: unknown }): object {
  // values of Struct say their kind by the field that is set, whatever its value
  if (type.fullName === ".google.protobuf.Value") return message;
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(message, field.name)) continue;
    field.resolve();
    const value = message[field.name];
    const nested = field.resolvedType !== null && "fieldsArray" in field.resolvedType ? (field.resolvedType as Type) : null;
    if (field.map || field.repeated) {
      const values = Object.values(value as object);
      if (values.length === 0) delete message[field.name];
      else if (nested !== null) for (const one of values) withoutDefaults(nested, one as { [field: string]: unknown });
    } else if (nested !== null) {
      if (value === null) delete message[field.name];
      else withoutDefaults(nested, value as { [field: string]: unknown });
    } else if (field.partOf === null && isDefault(value, field.typeDefault)) delete message[field.name];
  }
  return message;
}

function isDefault(value: unknown, typeDefault: unknown): boolean {
  if (value === null || value === "" || value === 0 || value === false || value === typeDefault) return true;
  if (value instanceof Uint8Array) return value.length === 0;
  return typeof value === "object" && "isZero" in value && (value as { isZero(): boolean }).isZero();
}
