package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// mutant is one change of one file, with the test that notices it. In a table it
// is a paragraph of fields; lines that begin with # are comments:
//
//	mutant: loses: an unknown end is taken
//	file: core/store/repair.go
//	in: func (s *Store) loses(
//	old: if end == 0 {
//	new: if false {
//	run: TestLoses
//
// The fields:
//
//	mutant      a name, unique in its table
//	file        the file to change, relative to the root of the module: of Go, or a script
//	            for Node (.mjs) of a test that uses package nodetest
//	in          optional: the text of a line that begins a declaration and occurs
//	            once; the change applies to that declaration alone
//	old         the text to change; it must occur exactly once. Several such
//	            fields are successive lines; indentation, and blanks at the ends of
//	            the first and the last, are ignored
//	new         the replacement, of one or more lines too; may be empty
//	package     optional: the package of the test (./core/store); without it, the
//	            package of the file
//	run         the tests that notice, as for go test -run; names match as a
//	            whole, and TestA|TestB is one or the other
//	timeout     optional: a time (20s) after which a test that has not ended
//	            counts as having noticed
//	equivalent  instead of run: why the change makes no difference
type mutant struct {
	table string // name of the file
	line  int    // first line of the paragraph, from 1

	name, file, in, pkg, run, equivalent string
	old, new                             []string
	timeout                              time.Duration // 0: none
}

// readTables reads the tables of dir in the order of their names.
func readTables(dir string) ([]mutant, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no table in %s", dir)
	}
	var all []mutant
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		some, err := parse(filepath.Base(name), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// parse parses one table.
func parse(table, text string) ([]mutant, error) {
	var all []mutant
	open := false // whether the last one is unfinished
	for i, line := range strings.Split(text, "\n") {
		fail := func(why string) ([]mutant, error) {
			return nil, fmt.Errorf("%s:%d: %s", table, i+1, why)
		}
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case strings.TrimSpace(line) == "":
			open = false
			continue
		}
		field, value, ok := strings.Cut(line, ":")
		if !ok {
			return fail("no field: " + line)
		}
		value = strings.TrimSpace(value)
		if (field == "mutant") == open {
			return fail("a paragraph must begin with its only mutant field")
		}
		if !open {
			all = append(all, mutant{table: table, line: i + 1})
			open = true
		}
		m := &all[len(all)-1]
		switch field {
		case "old":
			m.old = append(m.old, value)
			continue
		case "new":
			m.new = append(m.new, value)
			continue
		case "timeout":
			var err error
			if m.timeout, err = time.ParseDuration(value); err != nil {
				return fail(err.Error())
			}
			continue
		}
		into := map[string]*string{"mutant": &m.name, "file": &m.file, "in": &m.in,
			"package": &m.pkg, "run": &m.run, "equivalent": &m.equivalent}[field]
		switch {
		case into == nil:
			return fail("unknown field " + field)
		case *into != "":
			return fail("duplicate field " + field)
		}
		*into = value
	}

	names := map[string]bool{}
	for i := range all {
		m := &all[i]
		why := ""
		switch {
		case m.name == "" || names[m.name]:
			why = "empty or duplicate name"
		case m.file == "":
			why = "no file"
		case len(m.old) == 0 || strings.Join(m.old, "") == "" || len(m.new) == 0:
			why = "no old or no new text"
		case slices.Equal(m.old, m.new):
			why = "old and new are the same"
		case (m.run == "") == (m.equivalent == ""):
			why = "needs either run or equivalent"
		case m.run == "" && m.timeout != 0:
			why = "a timeout without run"
		}
		if why != "" {
			return nil, fmt.Errorf("%s:%d: %s", table, m.line, why)
		}
		names[m.name] = true
		if m.pkg == "" {
			m.pkg = "./" + path.Dir(m.file)
		}
	}
	return all, nil
}

// apply applies the change to source, the text of the mutant's file.
func (m *mutant) apply(source string) (string, error) {
	from, to := 0, len(source)
	if m.in != "" {
		lines := regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(m.in)).FindAllStringIndex(source, -1)
		if len(lines) != 1 {
			return "", fmt.Errorf("%s has %d declarations that begin with %q", m.file, len(lines), m.in)
		}
		from = lines[0][0]
		if end := regexp.MustCompile(`(?m)^[})]`).FindStringIndex(source[from:]); end != nil {
			to = from + end[1]
		}
	}
	quoted := make([]string, len(m.old))
	for i, line := range m.old {
		quoted[i] = regexp.QuoteMeta(line)
	}
	found := regexp.MustCompile(strings.Join(quoted, `[ \t]*\n[ \t]*`)).FindAllStringIndex(source[from:to], -1)
	if len(found) != 1 {
		return "", fmt.Errorf("%s has the text %d times", m.file, len(found))
	}
	return source[:from+found[0][0]] + strings.Join(m.new, "\n") + source[from+found[0][1]:], nil
}
