package consume

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

// A metric that nothing moves tells an operator that all is well for ever.
func TestEveryMetricIsMoved(t *testing.T) {
	used := map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") || f.Name() == "metrics.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if outer, ok := n.(*ast.SelectorExpr); ok {
				if inner, ok := outer.X.(*ast.SelectorExpr); ok && inner.Sel.Name == "metrics" {
					used[outer.Sel.Name] = true
				}
			}
			return true
		})
	}
	fields := reflect.TypeFor[metrics]()
	n := 0
	for i := range fields.NumField() {
		f := fields.Field(i)
		if !strings.HasPrefix(f.Type.String(), "prometheus.") && !strings.HasPrefix(f.Type.String(), "*prometheus.") || f.Name == "lagDesc" {
			continue
		}
		n++
		if !used[f.Name] {
			t.Errorf("the metric %s is never moved", f.Name)
		}
	}
	if n < 12 {
		t.Errorf("only %d metrics found: this test looks in the wrong place", n)
	}
}
