// Package lines encodes events, reports and findings as JSON, one object per
// line. The command prints the same bytes that the plugin returns, and a loader
// of the plugin decodes them. Lines are UTF-8 without spaces. A list is never
// null; an unknown number is. Keys are stable: new ones may be added, and readers
// skip unknown ones.
package lines
