import { z } from "zod";

/** What a role may do beyond reading the accounts that it sees. */
export const rights = ["write", "operate"] as const;
export type Right = (typeof rights)[number];

const role = z.strictObject({
  accounts: z.literal("all").describe("The accounts that it sees."),
  may: z
    .array(z.enum(rights))
    .default([])
    .describe(
      "write = change tasks; operate = see how Waymark runs: runs, checks, sources, webhooks, plans, metrics.",
    ),
});

const address = z
  .url({ protocol: /^https?$/, error: "expected an https address" })
  .refine(
    (url) => url.startsWith("https:") || isLoopback(new URL(url).hostname),
    "expected https: keys that come over plain http may be anybody's",
  );

/** Who may ask the server, and what each role sees. */
export const accessSchema = z.strictObject({
  keys_folder: z
    .string()
    .min(1)
    .default("keys")
    .describe("Where API keys are kept, hashed, a file for each; relative to this file. See `waymark keys`."),
  jwt: z
    .strictObject({
      issuer: z.string().min(1).describe("Who signs tokens, as their claim `iss` says it."),
      audience: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .describe("For whom tokens must be, as their claim `aud` says it."),
      jwks_url: address.describe("Where the issuer publishes its keys; they are read anew when they rotate."),
      role_claim: z
        .string()
        .min(1)
        .default("role")
        .describe(
          "The claim that names the caller's role, or several: of these the first of `roles` counts.",
        ),
    })
    .optional()
    .describe("Tokens of a sign-in service (OpenID Connect, OAuth 2)."),
  open_metrics: z
    .boolean()
    .default(false)
    .describe("Whether /metrics answers strangers; otherwise it takes a role that may operate."),
  roles: z
    .record(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a name in snake_case"), role)
    .refine((roles) => Object.keys(roles).length > 0, "expected at least one role")
    .describe("Who sees what. A role that isn't named here sees nothing."),
});

export type AccessSettings = z.output<typeof accessSchema>;
export type RoleSettings = z.output<typeof role>;

/** Whether an address is that of the machine itself. */
export const isLoopback = (host: string): boolean =>
  ["localhost", "::1", "[::1]"].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
