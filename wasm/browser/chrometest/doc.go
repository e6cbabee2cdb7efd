// Package chrometest tests the inspector in Chromium as its users use it, and compares what
// it shows with native answers. Its own module keeps chromedp out of the dependencies of thaw.
//
// The tests need a Chromium, node and npm, and are skipped without one of them. One browser
// serves all tests, each page in a browser context of its own. Whatever a page writes to the
// console as a warning or an error, each violation of its content security policy, and
// each request to anywhere but its own server fails the test.
package chrometest
