// Package headless is a viewer without a stage: it watches every camera that it may, opens and proves every frame as the page does, and
// counts what would have been drawn. Load generators and tests of agent and server run it natively; what it does not do is decode.
package headless
