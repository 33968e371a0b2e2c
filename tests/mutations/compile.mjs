// Compiles schemas as both generations of the npm SDK do: node compile.mjs FILE prints for each whether both took it.
import { readFileSync } from "node:fs";
import { AjvJsonSchemaValidator as First } from "@modelcontextprotocol/sdk/validation/ajv";
import { AjvJsonSchemaValidator as Second } from "@modelcontextprotocol/client/validators/ajv";

const takes = (Validator, schema) => {
  try {
    new Validator().getValidator(schema);
    return true;
  } catch {
    return false;
  }
};
const schemas = JSON.parse(readFileSync(process.argv[2]));
console.log(JSON.stringify(schemas.map((schema) => takes(First, schema) && takes(Second, schema))));
