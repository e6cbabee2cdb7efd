package orders

import "testing"

func TestCount(t *testing.T) {
	for source, want := range map[string]int{
		"":                           0,
		"\n\n// comment\n":           0,
		"package a\n":                1,
		"package a // and comment\n": 1,
		"package a\n\n/* two\nlines */\nvar b int\n":         2,
		"package a\nvar b = `one\ntwo\n`\n":                  4,
		"package a\nvar b, c = `one\n`, `two\n`\n":           4,
		"package a\nfunc f() {\n\t// nothing\n\n\treturn\n}": 4,
	} {
		if got := count([]byte(source)); got != want {
			t.Errorf("%q: got %d lines, want %d", source, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	for _, dir := range []string{"bbolt", "sqlite", "thaw"} {
		if n, err := Lines(dir); err != nil || n == 0 {
			t.Errorf("%s: %d, %v", dir, n, err)
		}
	}
	if n, err := Lines("none"); err == nil {
		t.Errorf("a package that is not there has %d lines", n)
	}
}
