// Package lines spells events, reports and findings as JSON, one object a line: what
// the command prints and what the plugin answers are the same bytes. Lines are UTF-8
// without spaces. A list is never null; a number that is not known is.
package lines
