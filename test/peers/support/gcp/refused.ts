/** Errors as Google's APIs give them: a status, and the details by which clients tell the reason. */
import { status } from "@grpc/grpc-js";
import type { Obj } from "./protos.ts";

export type Code = keyof typeof status;

export class Refused extends Error {
  readonly code: Code;
  /** In the documented JSON form, with `@type`. */
  readonly details: Obj[];

  constructor(code: Code, message: string, details: Obj[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

const info = (reason: string, domain: string, metadata: { [key: string]: string }): Obj => ({
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason,
  domain,
  metadata,
});

export const denied = (permission: string, resource: string): Refused =>
  new Refused("PERMISSION_DENIED", `Permission '${permission}' denied on resource '//${resource}' (or resource may not exist).`, [
    info("IAM_PERMISSION_DENIED", "iam.googleapis.com", { permission, resource }),
  ]);

export const apiDisabled = (service: string, project: string): Refused =>
  new Refused(
    "PERMISSION_DENIED",
    `${service} has not been used in project ${project} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${service}/overview?project=${project} then retry.`,
    [info("SERVICE_DISABLED", "googleapis.com", { service, consumer: `projects/${project}` })],
  );

export const noProject = (project: string): Refused =>
  new Refused("PERMISSION_DENIED", `Permission denied on resource project ${project}.`, [
    info("CONSUMER_INVALID", "googleapis.com", { consumer: `projects/${project}` }),
  ]);

export const retryIn = (seconds: number): Obj => ({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` });

/** HTTP status of each code (https://cloud.google.com/apis/design/errors#error_codes). */
export const HTTP_STATUS: { [code in Code]?: number } = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};
