// Package lines spells events, reports and findings as JSON, one object a line: the
// command prints and the plugin answers the same bytes, and a loader of the plugin reads
// them back. Lines are UTF-8 without spaces. A list is never null; a number that is not
// known is. Keys keep their names; new ones are added, and readers skip those they do
// not know.
package lines
