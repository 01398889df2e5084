/** A certificate authority of a test's own, and a certificate of localhost by it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface Certificates {
  /** Path of the authority's certificate, for NODE_EXTRA_CA_CERTS and GRPC_DEFAULT_SSL_ROOTS_FILE_PATH. */
  caFile: string;
  ca: string;
  cert: string;
  key: string;
}

export async function certificates(folder: string): Promise<Certificates> {
  const ca = await generate([{ name: "commonName", value: "evscope test authority" }], {
    keySize: 2048,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: "commonName", value: "localhost" }], {
    keySize: 2048,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
      { name: "extKeyUsage", serverAuth: true },
    ],
  });
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, ca.cert);
  return { caFile, ca: ca.cert, cert: leaf.cert, key: leaf.private };
}
