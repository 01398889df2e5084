/**
 * Imported before anything that loads gRPC, which reads the place of its certificates once: clients of this process trust what lies in
 * `trustFile` when they first connect.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";

export const trustFile = join(tmpdir(), `evscope-trust-${process.pid}.pem`);
process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = trustFile;
