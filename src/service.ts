// The service as a program: what rolldown.config.js puts into one file, dist/service/main.js.
import { run } from './main.js';

run();
