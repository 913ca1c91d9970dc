// npm run test:soak -- [minutes]: mixed load under random faults, 30 minutes unless told otherwise.
import { spawn } from 'node:child_process';

const minutes = process.argv[2] ?? '30';
const jest = [
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
  '--config',
  'jest.soak.config.js',
  '--runInBand',
];
const child = spawn(process.execPath, jest, {
  stdio: 'inherit',
  env: { ...process.env, HYPER_RUN_SOAK_MINUTES: minutes },
});
child.on('exit', (code) => (process.exitCode = code ?? 1));
