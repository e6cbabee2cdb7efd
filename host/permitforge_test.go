package host_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// typeChecker checks programs against the packages of this module.
type typeChecker struct {
	files *token.FileSet
	from  types.Importer
}

func newTypeChecker(t *testing.T, packages ...string) *typeChecker {
	args := append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	c := &typeChecker{files: token.NewFileSet()}
	c.from = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return c
}

// check returns the errors of a program whose main has this body.
func (c *typeChecker) check(t *testing.T, body string) (errs []string) {
	source := `package main
import ("context"; "github.com/thawlog/thaw/core/gate"; "github.com/thawlog/thaw/host")
func use(context.Context, *host.Store, *host.Store, *gate.Permit, *gate.Policy, ...host.Item) {}
func run(ctx context.Context, store, other *host.Store, permit *gate.Permit, policy *gate.Policy, item host.Item) {
	use(ctx, store, other, permit, policy, item)
` + body + `
}
func main() {}
`
	file, err := parser.ParseFile(c.files, "main.go", source, 0)
	require.NoError(t, err)
	config := types.Config{Importer: c.from, Error: func(err error) { errs = append(errs, err.Error()) }}
	_, _ = config.Check("main", c.files, []*ast.File{file}, nil)
	return errs
}

// TestForgeriesDoNotCompile: what would make a permit, open one or get at a store's issuer
// is no Go program.
func TestForgeriesDoNotCompile(t *testing.T) {
	skipRace(t)
	c := newTypeChecker(t, ".", "../core/gate")
	require.Empty(t, c.check(t, `p, _ := store.Judge(ctx, gate.Actor{}, []host.Item{item}); _, _ = store.AppendPermitted(ctx, p)`))
	for name, program := range map[string]struct{ body, why string }{
		"a permit with fields":         {`_ = gate.Permit{grant: nil}`, "grant"},
		"a permit without names":       {`_ = gate.Permit{nil}`, "grant"},
		"the grant of another permit":  {`_ = gate.Permit{}.grant`, "grant"},
		"a grant":                      {`var _ gate.grant`, "grant"},
		"other events for a permit":    {`permit.grant.batch.Entries = nil`, "grant"},
		"a permit used again":          {`permit.grant.used.Store(false)`, "grant"},
		"the issuer of a store":        {`_ = store.issuer`, "issuer"},
		"an issuer with a field":       {`_ = gate.Issuer{policy: policy}`, "policy"},
		"a permit that a policy makes": {`_ = policy.Issue(gate.Batch{})`, "Issue"},
		"a permit of other types":      {`_, _ = store.AppendPermitted(ctx, gate.Batch{})`, "gate.Batch"},
		"items in place of a permit":   {`_, _ = store.AppendPermitted(ctx, []host.Item{item})`, "host.Item"},
		"a policy put into a store":    {`store.options.Policy = nil`, "options"},
		"gates taken out of a policy":  {`policy.gates = nil`, "gates"},
		"a bypass of an acting store":  {`store.As(gate.Actor{}).bypass = &gate.Bypass{}`, "bypass"},
		"an acting store with a field": {`_ = host.ActingStore{store: store}`, "store"},
		"the store of an acting store": {`_ = store.As(gate.Actor{}).store`, "store"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := c.check(t, program.body)
			require.NotEmpty(t, errs, "it compiles")
			require.Contains(t, strings.Join(errs, "\n"), program.why)
		})
	}
}
