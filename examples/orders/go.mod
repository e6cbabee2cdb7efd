module github.com/thawlog/thaw/examples/orders

go 1.26.0

replace github.com/thawlog/thaw => ../..
