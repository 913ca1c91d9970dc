import type { ToolName } from './tool.js';

/** One line per system that puts the program on PATH. */
const ADVICE: Record<ToolName, readonly string[]> = {
  'redis-server': [
    'Debian, Ubuntu:  sudo apt-get install redis-server',
    'Fedora, RHEL:    sudo dnf install valkey   (or redis)',
    'Alpine:          sudo apk add redis',
    'Arch:            sudo pacman -S valkey',
    'macOS:           brew install redis',
    'or point REDIS_URL at a Redis that runs already',
  ],
  bwrap: [
    'Debian, Ubuntu:  sudo apt-get install bubblewrap',
    'Fedora, RHEL:    sudo dnf install bubblewrap',
    'Alpine:          sudo apk add bubblewrap',
    'Arch:            sudo pacman -S bubblewrap',
    'macOS:           not available; run the service on Linux or in a Linux container',
  ],
  chromium: [
    'Debian:          sudo apt-get install chromium',
    'Ubuntu:          google-chrome-stable, from google.com/chrome',
    'Fedora, RHEL:    sudo dnf install chromium',
    'Alpine:          sudo apk add chromium',
    'Arch:            sudo pacman -S chromium',
    'macOS:           brew install --cask google-chrome',
    'or point HYPER_RUN_CHROMIUM at a Chromium or Chrome',
  ],
};

export const adviceFor = (name: ToolName): string => ADVICE[name].map((line) => `  ${line}`).join('\n');
