// Package inspect serves the inspector, a page that reads a store, and the files of one
// store's directory to a browser on the same machine.
//
// What keeps other programs and pages out:
//
//   - The server listens on a loopback address only.
//   - Every path begins with a random token, without which the answer is 404. The address is
//     printed once, and the page sends no referrer. The browser is started with another
//     address, which leads there once: other users see the arguments of its command.
//   - The Host header must name the loopback, so a page whose name was made to lead here
//     (DNS rebinding) gets nothing.
//   - Only GET and HEAD exist, and only for the page, its script, the listing and the listed
//     files of the store. A file is opened without following links.
//
// The store is read only, and not locked.
package inspect
