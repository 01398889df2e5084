/**
 * Fields that a server sends and the installed SDK's descriptions do not have: newer than the SDK. Decoding drops them, so that a part which
 * is written back as a whole would lose them. https://protobuf.dev/programming-guides/proto3/#unknowns
 */
import { loaded } from "./client-loaded.ts";

type Gax = typeof import("google-gax");
type Type = ReturnType<InstanceType<Gax["protobuf"]["Root"]>["lookupType"]>;
type Reader = ReturnType<Gax["protobuf"]["Reader"]["create"]>;

/** As gRPC's interceptors get them; the definition is that of this one call. */
interface Options {
  method_definition: { responseDeserialize(bytes: Buffer): unknown };
}

/** What a decoded answer does not hold. */
export interface Unknown {
  /** Options of one gRPC call. */
  options: object;
  /** `template.containers.4242`: path and number, each once; empty: all is known. */
  fields(): string[];
}

/** Looks at the bytes of one call's answer, beside its decoding. */
export async function watchUnknown(type: Type): Promise<Unknown> {
  const { grpc, protobuf } = await loaded("google-gax", () => import("google-gax"));
  const found = new Set<string>();
  const interceptor = (options: Options, next: (options: Options) => ConstructorParameters<typeof grpc.InterceptingCall>[0]): object => {
    const definition = options.method_definition;
    const decode = definition.responseDeserialize;
    definition.responseDeserialize = (bytes) => {
      const message = decode(bytes);
      collect(type, protobuf.Reader.create(bytes), bytes.length, "", found);
      return message;
    };
    return new grpc.InterceptingCall(next(options));
  };
  return { options: { interceptors: [interceptor] }, fields: () => [...found].sort() };
}

/** https://protobuf.dev/programming-guides/encoding/ */
function collect(type: Type, reader: Reader, end: number, path: string, found: Set<string>): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = type.fieldsById[tag >>> 3]?.resolve();
    if (field === undefined) found.add(`${path}${tag >>> 3}`);
    const nested = field !== undefined && !field.map && field.resolvedType !== null && "fieldsById" in field.resolvedType;
    if (nested && (tag & 7) === 2)
      collect(field.resolvedType as Type, reader, reader.uint32() + reader.pos, `${path}${field.name}.`, found);
    else reader.skipType(tag & 7);
  }
}
