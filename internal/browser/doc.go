// Package browser looks at pages in a real browser. It has no code of its own:
// look.mjs, run by the test, drives Chromium through playwright-core.
package browser
