import { z } from "zod";
import { bytesOf, size } from "./size.js";

/** What a role may do beyond reading the accounts that it sees. */
export const rights = ["write", "operate"] as const;
export type Right = (typeof rights)[number];

const values = z.union([
  z.array(z.string().min(1)).min(1),
  z.strictObject({
    claim: z.string().min(1).describe("The claim of the caller's token with the value, or several."),
  }),
]);

const someAccounts = z
  .strictObject({
    segment: values.optional(),
    region: values.optional(),
    owner: values.optional(),
    attributes: z.record(z.string(), values).optional().describe("The accounts' own attributes."),
  })
  .refine(
    ({ attributes = {}, ...own }) => Object.keys({ ...own, ...attributes }).length > 0,
    "expected at least one condition; `all` sees all accounts",
  );

const role = z
  .strictObject({
    accounts: z
      .union([z.literal("all"), someAccounts], {
        error: "expected all, or values of segment, region, owner or attributes",
      })
      .optional()
      .describe(
        "The accounts that it sees: all, or those that have one of the values today, of each that is named. None by default.",
      ),
    hidden: z
      .array(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a name in snake_case"))
      .default([])
      .describe(
        "Columns that it doesn't see, wherever they stand: mrr hides mrr_before and mrr_at_stake too.",
      ),
    minimum_group: z
      .int()
      .min(2)
      .optional()
      .describe("It sees figures of groups of so many accounts or more, and no single accounts."),
    maximum_bytes_per_request: size
      .transform(bytesOf)
      .optional()
      .describe(
        "What the statements of one question of it may be billed for, where the engine bills; else what `server` says.",
      ),
    may: z
      .array(z.enum(rights))
      .default([])
      .describe(
        "write = change tasks; operate = see how Waymark runs: runs, checks, sources, webhooks, plans, metrics.",
      ),
  })
  .refine(
    ({ accounts = "all", hidden, minimum_group, may }) =>
      !may.includes("operate") || (accounts === "all" && hidden.length === 0 && minimum_group === undefined),
    {
      path: ["may"],
      error:
        "operate shows rows of any account: it goes with `accounts: all` and nothing hidden, or without accounts, for metrics alone",
    },
  )
  .refine(({ minimum_group, may }) => !may.includes("write") || minimum_group === undefined, {
    path: ["may"],
    error: "write changes tasks of single accounts, which a role with minimum_group doesn't see",
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
