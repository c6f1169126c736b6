// A trigger that calls no service.
import { start } from "./runtime.js";

start(async (event) => event);
