import { writeFileSync } from "node:fs";
import { schemaText } from "../schema/text.js";
import { createSchema } from "./schema.js";

/** `npm run schema`: write the API as text, to be read as a diff when it changes. */
writeFileSync("schema/schema.graphql", schemaText(await createSchema()));
