import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { waymark } from "./command.js";

/** A project with these roles, and `waymark keys` on it, answered as JSON. */
function project(access: string) {
  const folder = mkdtempSync(join(tmpdir(), "waymark-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, "waymark.yml"),
    `company: Small
sources:
  accounts: { files: { path: accounts.csv, format: csv }, columns: { account_id: id } }
  tickets: { files: { path: tickets.csv, format: csv }, columns: { ticket_id: id, account_id: org, opened_at: at } }
${access}`,
  );
  const keys = async (...words: string[]) => {
    const { code, stdout, stderr } = await waymark("--project", folder, "--json", "keys", ...words);
    if (code !== 0) throw new Error(JSON.parse(stderr).error.message);
    return JSON.parse(stdout);
  };
  return Object.assign(keys, { folder });
}

it("a key is created, listed without its secret, and revoked", async () => {
  const keys = project("access: { roles: { analyst: { accounts: all } } }\n");
  const created = await keys(
    "create",
    "--name",
    "crm",
    "--role",
    "analyst",
    "--scope",
    "read",
    "--days",
    "30",
  );
  expect(created).toMatchObject({ name: "crm", role: "analyst", scope: [], state: "valid", revokedAt: null });
  expect(created.key).toMatch(new RegExp(`^wmk_${created.id}_`));
  expect(Date.parse(created.expiresAt) - Date.parse(created.createdAt)).toBe(30 * 86_400_000);

  const { key, ...listed } = created;
  expect(await keys("list")).toEqual([listed]);
  expect(readFileSync(join(keys.folder, "keys", ".gitignore"), "utf8"), "none is committed").toBe("*\n");
  const revoked = await keys("revoke", created.id);
  expect(revoked).toMatchObject({ id: created.id, state: "revoked" });
  expect(await keys("revoke", created.id), "a second time nothing changes").toEqual(revoked);
  expect(await keys("list")).toEqual([revoked]);
});

it("a link is a key that opens one saved query with these variables", async () => {
  const keys = project("server: { port: 4711 }\naccess: { roles: { analyst: { accounts: all } } }\n");
  const made = await keys("link", "health-trend.csv", "--role", "analyst", "--var", "weeks=12");
  expect(made).toMatchObject({ name: "health-trend.csv", scope: [], opens: "/q/health-trend.csv?weeks=12" });
  expect(made.link).toMatch(/^http:\/\/localhost:4711\/q\/health-trend\.csv\?weeks=12&access_token=wmk_/);
  const { link, ...listed } = made;
  expect(await keys("list")).toEqual([listed]);
  const elsewhere = await keys(
    "link",
    "at-risk.json",
    "--role",
    "analyst",
    "--url",
    "https://waymark.acme.test",
  );
  expect(elsewhere.link).toMatch(/^https:\/\/waymark\.acme\.test\/q\/at-risk\.json\?access_token=wmk_/);

  const refused = (...words: string[]) => expect(keys("link", ...words, "--role", "analyst")).rejects;
  await refused("health-trends.csv").toThrow(
    'There is no saved query "health-trends". Did you mean "health-trend"?',
  );
  await refused("health-trend.xlsx").toThrow("There is no /q/health-trend.xlsx; expected one of");
  await refused("health-trend.csv", "--var", "week=12").toThrow('The query has no variable "week".');
  await refused("health-trend.csv", "--var", "weeks=twelve").toThrow(
    'Variable "$weeks" got invalid value "twelve"',
  );
  await expect(keys("link", "at-risk.csv", "--role", "analist")).rejects.toThrow('no role "analist"');
  expect(await keys("list")).toHaveLength(2);
});

it("what a role can never do is refused or told when its key or link is made", async () => {
  const roles = `access:
  roles:
    analyst: { accounts: all }
    board: { accounts: all, minimum_group: 10 }
    csm: { accounts: { owner: { claim: email } }, may: [write] }
    writer: { accounts: all, may: [write] }
`;
  const keys = project(roles);
  await expect(keys("link", "at-risk.csv", "--role", "board")).rejects.toThrow(
    "at-risk.csv asks accounts, which the role board may not ask by a link",
  );
  await expect(keys("link", "health-trend.csv", "--role", "csm"), "a link shows no claims").rejects.toThrow(
    "health-trend.csv asks health, which the role csm may not ask by a link",
  );
  await expect(keys("create", "--name", "crm", "--role", "analyst", "--scope", "write")).rejects.toThrow(
    "--scope write: the role analyst has `may: []` in waymark.yml",
  );
  expect(await keys("list")).toEqual([]);
  expect(await keys("link", "health-trend.csv", "--role", "board")).toMatchObject({ role: "board" });
  const made = await keys("create", "--name", "crm", "--role", "writer", "--scope", "read", "write");
  expect(made).toMatchObject({ scope: ["write"], isRoleNamed: true });

  const { stderr } = await waymark(
    "--project",
    keys.folder,
    "keys",
    "create",
    "--name",
    "bo",
    "--role",
    "csm",
  );
  expect(stderr).toContain('the role csm sees no accounts: it takes them from the claim "email" of tokens');

  const settings = join(keys.folder, "waymark.yml");
  writeFileSync(settings, readFileSync(settings, "utf8").replace("    writer:", "    author:"));
  expect(await keys("list")).toContainEqual(expect.objectContaining({ name: "crm", isRoleNamed: false }));
  const { stdout } = await waymark("--project", keys.folder, "keys", "list");
  expect(stdout).toContain("writer (not in waymark.yml: sees nothing)");
});

it("a role that there isn't, a key that there isn't, and a project without sign-in are refused with what to do", async () => {
  const keys = project("access: { roles: { analyst: { accounts: all } } }\n");
  await expect(keys("create", "--name", "crm", "--role", "analist")).rejects.toThrow(
    'waymark.yml names no role "analist". Did you mean "analyst"?',
  );
  for (const id of ["0123456789ab", "../../etc"])
    await expect(keys("revoke", id)).rejects.toThrow(
      `There is no key "${id}"; \`waymark keys list\` shows them.`,
    );
  await expect(project("")("list")).rejects.toThrow("waymark.yml has no `access`");
});
