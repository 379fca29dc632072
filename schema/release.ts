import { readFileSync, writeFileSync } from "node:fs";
import { changesFile, released, releasedFile } from "./releases.js";

/** `npm version` runs it before it sets the version's number: the API of today becomes the released one. */
const version = process.env.npm_new_version ?? "";
const read = (file: string): string => readFileSync(file, "utf8");
writeFileSync(
  releasedFile,
  released(version, read(releasedFile), read("schema/schema.graphql"), read(changesFile)),
);
