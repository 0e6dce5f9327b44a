import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results/failures',
  // Media of several people at once is heavy, and a slower second test would say nothing.
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env['CI'],
  timeout: 45_000,
  expect: { timeout: 10_000 },
  reporter: process.env['CI'] ? [['list'], ['github']] : 'list',
  use: { launchOptions, actionTimeout: 10_000, navigationTimeout: 10_000 },
});
