/**
 * The vendor's own protos, as its packages ship them: reads and writes messages, and converts them to and from the JSON form that Google
 * documents (https://protobuf.dev/programming-guides/json/), in which the servers keep their state.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON, type MessageTypeDefinition } from "@grpc/proto-loader";

export type Obj = { [key: string]: any };

interface Field {
  type: string;
  rule?: "repeated";
  keyType?: string;
  options?: { [name: string]: string };
}
interface Node {
  fields?: { [name: string]: Field };
  values?: { [name: string]: number };
  methods?: { [name: string]: { requestType: string; responseType: string } };
  nested?: { [name: string]: Node };
}

const load = (json: Node): ReturnType<typeof fromJSON> =>
  fromJSON(json as never, { longs: String, enums: String, defaults: false, oneofs: false });
const SCALARS = /^(double|float|u?int32|u?int64|sint32|sint64|s?fixed32|s?fixed64|bool|string|bytes)$/;
const require = createRequire(import.meta.url);

/** One package's protos. */
export class Protos {
  readonly #root: Node;
  #loaded;

  /** `file`: path as of a package, `@google-cloud/run/build/protos/protos.json`. */
  constructor(file: string) {
    // packages do not export their protos
    const folder = require.resolve.paths(file)!.find((path) => existsSync(`${path}/${file}`));
    const json = JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
    this.#root = json;
    this.#loaded = load(json);
  }

  /** A field that the vendor added after the SDK was made. Answers have it, requests are judged with it. */
  addField(type: string, name: string, id: number, of: string): void {
    this.#node(type)!.fields![name] = { type: of, id } as Field;
    this.#loaded = load(this.#root);
  }

  /** As gRPC servers take it, but for requests that keep their bytes. */
  service(name: string): ServiceDefinition {
    return this.#loaded[name] as unknown as ServiceDefinition;
  }

  methodTypes(service: string, method: string): { request: string; response: string } {
    const found = this.#node(service)!.methods![method]!;
    const scope = service.split(".").slice(0, -1);
    return { request: this.#resolve(found.requestType, scope), response: this.#resolve(found.responseType, scope) };
  }

  encode(type: string, message: Obj): Buffer {
    return (this.#loaded[type] as MessageTypeDefinition<object, object>).serialize(message);
  }
  decode(type: string, bytes: Buffer): Obj {
    return (this.#loaded[type] as MessageTypeDefinition<object, object>).deserialize(bytes);
  }

  /**
   * What is wrong with a request by the vendor's description of it: fields that nobody knows, values that no enum has, required fields that
   * are not there. Under an update mask only what the mask names must be whole.
   */
  problems(type: string, bytes: Buffer): string[] {
    const message = this.decode(type, bytes);
    const found: string[] = [];
    const unknown = bytes.length - this.encode(type, message).length;
    if (unknown !== 0) found.push(`${type}: ${unknown} bytes of unknown fields`);
    this.#check(type, message, "", !("updateMask" in message), found);
    return found;
  }

  #check(type: string, message: Obj, at: string, whole: boolean, found: string[]): void {
    for (const [name, field] of Object.entries(this.#fields(type))) {
      const value = message[name];
      const path = at + name;
      const missing = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
      // a number or enum that is zero is not on the wire
      const tellable = field.type === "string" || field.rule === "repeated" || this.#kind(type, field) === "message";
      const required = field.options?.["(google.api.field_behavior)"] === "REQUIRED";
      if (required && missing && tellable && (whole || at === "")) found.push(`${path}: required`);
      if (missing) continue;
      const each = field.keyType !== undefined ? Object.values(value) : field.rule === "repeated" ? value : [value];
      const kind = this.#kind(type, field);
      for (const one of each) {
        if (kind === "enum" && typeof one === "number") found.push(`${path}: ${one} is no value of ${field.type}`);
        if (kind === "message") this.#check(this.#typeOf(type, field), one as Obj, `${path}.`, whole, found);
      }
    }
  }

  /** Message of the wire -> documented JSON. */
  toJson(type: string, message: Obj): any {
    const special = fromWire[type];
    if (special) return special(message);
    if (type === "google.protobuf.Any") {
      const of = String(message["type_url"] ?? "").replace(/^.*\//, "");
      return { "@type": message["type_url"], ...this.toJson(of, this.decode(of, message["value"])) };
    }
    return this.#mapped(type, message, (of, value) => this.toJson(of, value));
  }

  /** Documented JSON -> message of the wire. */
  toMessage(type: string, json: any): Obj {
    const special = toWire[type];
    if (special) return special(json);
    if (type === "google.protobuf.Any") {
      const { "@type": url, ...rest } = json as Obj;
      const of = String(url).replace(/^.*\//, "");
      return { type_url: url, value: this.encode(of, this.toMessage(of, rest)) };
    }
    return this.#mapped(type, json, (of, value) => this.toMessage(of, value));
  }

  #mapped(type: string, from: Obj, convert: (type: string, value: any) => any): Obj {
    const fields = this.#fields(type);
    const out: Obj = {};
    for (const [name, value] of Object.entries(from)) {
      const field = fields[name];
      if (field === undefined) throw new Error(`${type} has no field ${name}`);
      if (value === undefined || value === null) continue;
      const kind = this.#kind(type, field);
      const one = (each: any): any => {
        if (field.type === "bytes") return Buffer.isBuffer(each) ? each.toString("base64") : Buffer.from(each, "base64");
        return kind === "message" ? convert(this.#typeOf(type, field), each) : each;
      };
      if (field.keyType !== undefined) out[name] = Object.fromEntries(Object.entries(value as Obj).map(([key, each]) => [key, one(each)]));
      else out[name] = field.rule === "repeated" ? (value as any[]).map(one) : one(value);
    }
    return out;
  }

  /** True where a field mask of the wire may name this path: proto names, and nothing within repeated fields or past a map's key. */
  hasPath(type: string, path: string): boolean {
    const [head, ...rest] = path.split(".");
    const name = camel(head!);
    const field = this.#fields(type)[name];
    if (field === undefined || snake(name) !== head) return false;
    if (rest.length === 0) return true;
    if (field.keyType !== undefined) return rest.length === 1;
    return field.rule !== "repeated" && this.#kind(type, field) === "message" && this.hasPath(this.#typeOf(type, field), rest.join("."));
  }

  #fields(type: string): { [name: string]: Field } {
    return this.#node(type)?.fields ?? {};
  }
  #kind(owner: string, field: Field): "scalar" | "enum" | "message" {
    if (SCALARS.test(field.type)) return "scalar";
    return this.#node(this.#typeOf(owner, field))?.values ? "enum" : "message";
  }
  #typeOf(owner: string, field: Field): string {
    return this.#resolve(field.type, owner.split("."));
  }
  #resolve(type: string, scope: readonly string[]): string {
    for (let depth = scope.length; depth >= 0; depth--) {
      const full = [...scope.slice(0, depth), type.replace(/^\./, "")].join(".");
      const node = this.#node(full);
      if (node?.fields || node?.values) return full;
    }
    throw new Error(`no type ${type} in ${scope.join(".")}`);
  }
  #node(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of path.split(".")) node = node?.nested?.[part];
    return node;
  }
}

export const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const secondsText = (seconds: number, nanos: number): string =>
  nanos === 0 ? `${seconds}s` : `${seconds}.${String(Math.abs(nanos)).padStart(9, "0").replace(/0+$/, "")}s`;

function timestampOf(text: string): Obj {
  const [, whole, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  if (whole === undefined) throw new Error(`not a time: ${text}`);
  return { seconds: String(Math.floor(Date.parse(`${whole}Z`) / 1000)), nanos: Number(fraction.padEnd(9, "0").slice(0, 9)) };
}

function timeText({ seconds = "0", nanos = 0 }: Obj): string {
  const fraction =
    nanos === 0
      ? ""
      : `.${String(nanos)
          .padStart(9, "0")
          .replace(/(000)+$/, "")}`;
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", `${fraction}Z`);
}

function durationOf(text: string): Obj {
  const [, seconds, fraction = ""] = /^(-?\d+)(?:\.(\d+))?s$/.exec(text) ?? [];
  if (seconds === undefined) throw new Error(`not a duration: ${text}`);
  return { seconds, nanos: Number(fraction.padEnd(9, "0").slice(0, 9)) };
}

const valueOf = (value: any): Obj => {
  if (value === null) return { nullValue: "NULL_VALUE" };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Array.isArray(value) ? { listValue: { values: value.map(valueOf) } } : { structValue: structOf(value) };
};
const structOf = (value: Obj): Obj => ({ fields: Object.fromEntries(Object.entries(value).map(([key, one]) => [key, valueOf(one)])) });

const toWire: { [type: string]: (json: any) => Obj } = {
  "google.protobuf.Timestamp": timestampOf,
  "google.protobuf.Duration": durationOf,
  "google.protobuf.FieldMask": (text: string) => ({ paths: text.split(",").map(snake) }),
  "google.protobuf.Struct": structOf,
  "google.protobuf.Value": valueOf,
};

const fromWire: { [type: string]: (message: any) => any } = {
  "google.protobuf.Timestamp": timeText,
  "google.protobuf.Duration": ({ seconds = "0", nanos = 0 }) => secondsText(Number(seconds), nanos),
  // as on the wire: a mask in the JSON form would hide a wrong one
  "google.protobuf.FieldMask": ({ paths = [] }) => paths,
};
