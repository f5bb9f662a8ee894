package source

import "gopkg.in/yaml.v3"

// Form is what a node is.
type Form int

// A node is a Scalar, a List or a Mapping. Null (also an empty value) is a Scalar.
const (
	Scalar Form = iota
	List
	Mapping
)

// Node is a node of a file. Aliases are resolved: a value that stands in several places through an alias is one Node, and
// its place is that of the anchor.
type Node struct {
	file     *File
	yaml     *yaml.Node
	start    int // the byte where its content begins
	children []*Node
	size     int // how many nodes it is, aliases written out
	height   int // how many levels it has
}

// Pos is where the node begins: a scalar behind its tag and anchor, at the quote or block mark where it has one.
func (n *Node) Pos() Pos { return n.file.pos(n.start) }

// Form says what the node is.
func (n *Node) Form() Form {
	switch n.yaml.Kind {
	case yaml.SequenceNode:
		return List
	case yaml.MappingNode:
		return Mapping
	}
	return Scalar
}

// Items gives the nodes of a list, nil for any other node.
func (n *Node) Items() []*Node {
	if n.Form() != List {
		return nil
	}
	return n.children
}

// Text gives a scalar's content as it was written, without quotes: "007", "2026-01-01", "true".
func (n *Node) Text() string { return n.yaml.Value }

const quotedOrBlock = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// Plain says whether a scalar stands without quotes and block marks, so that its text may mean a number, a boolean or null.
func (n *Node) Plain() bool { return n.Form() == Scalar && n.yaml.Style&quotedOrBlock == 0 }

// flow says whether a list or mapping stands in brackets or braces.
func (n *Node) flow() bool { return n.yaml.Style&yaml.FlowStyle != 0 }
