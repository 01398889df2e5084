import { afterEach, beforeEach, expect, test } from "vitest";
import { openTokens } from "../../../../src/clouds/azure/client-credentials.ts";
import { endpointsOf } from "../../../../src/clouds/azure/client-endpoints.ts";
import { openAzure } from "../../../../src/clouds/azure/client.ts";
import { EXIT } from "../../../../src/model/errors.ts";
import { azureContext, azureTarget, SUBSCRIPTION } from "../../../support/scripted-azure.ts";

const environment = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(AZURE_|IDENTITY_|MSI_)/.test(name)) delete process.env[name];
});
afterEach(() => void Object.assign(process.env, environment));

test("an issuer that is not there: exit 3, what to look at, and no secret", async () => {
  Object.assign(process.env, { AZURE_TENANT_ID: SUBSCRIPTION, AZURE_CLIENT_ID: SUBSCRIPTION, AZURE_CLIENT_SECRET: "t0psecret" });
  // port 1 of this machine takes no connection
  const target = azureTarget({
    endpoints: { authority: "https://localhost:1" },
    azure: { cloud: "public", tenant: SUBSCRIPTION, workspaces: [] },
  });
  const tokens = (await openTokens(target, azureContext(), endpointsOf(target)))("https://management.azure.com/.default");
  const error = await Promise.resolve(tokens.getToken([])).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    name: "UserError",
    exitCode: EXIT.credentials,
    message: expect.stringMatching(/^shop: no usable Azure credentials: .*(not reached|ECONNREFUSED)/),
    suggestions: [expect.stringMatching(/^sign in: az login --tenant /), expect.anything()],
  });
  expect(JSON.stringify(error) + (error as Error).message).not.toContain("t0psecret");
}, 60_000);

test("an endpoint without TLS is refused before a token is asked for", async () => {
  await expect(openAzure(azureTarget({ endpoints: { management: "http://localhost:1" } }), azureContext())).rejects.toThrow(
    /the endpoint management is no https URL: http:\/\/localhost:1/,
  );
});
