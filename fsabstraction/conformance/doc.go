// Package conformance tests that a file system keeps the promises of
// fsabstraction. Every implementation's tests call Run; a promise that is not
// tested here is not one the rest of thaw may rely on.
//
// What it cannot test: that Sync and SyncDir make anything durable. That needs
// a file system that crashes, which is what crashfs plays.
package conformance
