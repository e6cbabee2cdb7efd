// Package host is thaw on an operating system: it opens a store's directory,
// maps files, and answers queries. [OpenReader] reads any store that batpak
// 0.4.0 or thaw wrote, takes no lock and never writes, so any number of
// processes may read while another one writes.
//
// What the answers mean is decided in core; this package only brings the bytes.
package host
