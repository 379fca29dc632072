import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadProject } from "../../cli/project.js";
import { type Claims, scopeOf } from "../../resolvers/roles.js";
import { seesSome } from "../../resolvers/scope.js";

const folder = mkdtempSync(join(tmpdir(), "waymark-access-"));
afterAll(() => rmSync(folder, { recursive: true }));

function load(access: string) {
  writeFileSync(
    join(folder, "waymark.yml"),
    `company: Small
sources:
  accounts: { files: { path: a.csv, format: csv }, columns: { account_id: id }, attributes: { tier: tier } }
  tickets: { files: { path: t.csv, format: csv }, columns: { ticket_id: id, account_id: org, opened_at: at } }
access: { ${access} }
`,
  );
  return loadProject(folder).settings.access;
}
const roles = (role: string): string => `roles: { some: { ${role} } }`;

describe("access in waymark.yml", () => {
  it("says little by default: no accounts, no rights, keys beside it, metrics for who may operate", () => {
    expect(load("roles: { some: {} }")).toEqual({
      keys_folder: "keys",
      open_metrics: false,
      roles: { some: { hidden: [], may: [] } },
    });
  });

  it("takes conditions on what accounts are today, also by claims of the caller", () => {
    const accounts = "region: [emea], owner: { claim: email }, attributes: { tier: [gold] }";
    expect(load(roles(`accounts: { ${accounts} }`))?.roles.some?.accounts).toEqual({
      region: ["emea"],
      owner: { claim: "email" },
      attributes: { tier: ["gold"] },
    });
  });

  it("sees by the caller's claims, and nothing where a token doesn't have them, or a key asks", () => {
    const access = load(roles("accounts: { region: [emea], owner: { claim: email } }, hidden: [mrr]"));
    const role = access?.roles.some as NonNullable<typeof access>["roles"][string];
    const seen = (claims: Claims) => scopeOf(role, claims);
    expect(seen({ email: "anna@acme.test" })).toEqual({
      accounts: { region: ["emea"], owner: ["anna@acme.test"] },
      hidden: ["mrr"],
    });
    expect(seen({ email: ["anna", "ben", 7] }).accounts).toEqual({
      region: ["emea"],
      owner: ["anna", "ben"],
    });
    for (const claims of [{}, { email: null }, { email: 7 }, { email: [] }, { Email: "anna" }])
      expect(seesSome(seen(claims))).toBe(false);
    const ofKind = roles("accounts: { owner: { claim: constructor } }");
    expect(seesSome(scopeOf(load(ofKind)?.roles.some as typeof role, {}))).toBe(false);
  });

  it("lets a role without accounts see none, and one of a condition on nothing either", () => {
    expect(seesSome(scopeOf(load("roles: { some: {} }")?.roles.some as never, {}))).toBe(false);
    expect(seesSome({ accounts: {}, hidden: [] })).toBe(false);
  });

  it.each([
    ["no role at all", "roles: {}", "expected at least one role"],
    ["another word for accounts", roles("accounts: some"), "Known: all"],
    ["conditions that are none", roles("accounts: {}"), "expected at least one condition"],
    ["a list of nothing", roles("accounts: { region: [] }"), "region"],
    ["a condition on what there isn't", roles("accounts: { regoin: [x] }"), 'Did you mean "region"?'],
    [
      "a word that is cut short",
      roles("accounts: all, min_group: 10"),
      'unknown key "min_group". Did you mean "minimum_group"?',
    ],
    [
      "an attribute that isn't mapped",
      roles("accounts: { attributes: { tir: [x] } }"),
      'Did you mean "tier"?',
    ],
    ["a column that no table has", roles("accounts: all, hidden: [mmr]"), 'Did you mean "mrr"?'],
    ["what tells rows apart", roles("accounts: all, hidden: [day]"), "day can't be hidden"],
    ["what every answer names", roles("accounts: all, hidden: [name]"), "name can't be hidden"],
    [
      "operate beside what is hidden",
      roles("accounts: all, hidden: [mrr], may: [operate]"),
      "operate shows rows of any account",
    ],
    [
      "operate beside some accounts",
      roles("accounts: { region: [x] }, may: [operate]"),
      "operate shows rows of any account",
    ],
    [
      "write for who sees groups",
      roles("accounts: all, minimum_group: 5, may: [write]"),
      "write changes tasks of single accounts",
    ],
    ["a group of one", roles("accounts: all, minimum_group: 1"), "minimum_group"],
    [
      "keys of an issuer over plain http",
      `${roles("accounts: all")}, jwt: { issuer: x, audience: y, jwks_url: "http://login.example.com/" }`,
      "expected https",
    ],
  ])("refuses %s", (_, access, said) => {
    expect(() => load(access)).toThrow(said);
  });
});
