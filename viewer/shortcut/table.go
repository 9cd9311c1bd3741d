package shortcut

import "github.com/sealcam/sealcam/viewer/words"

// Action is what a key asks for.
type Action string

// The actions. The page's parts say what they do (page.Page.Handle).
const (
	Help        Action = "help"
	Devices     Action = "devices"
	Diagnostics Action = "diagnostics"
	Fullscreen  Action = "fullscreen"
	Mute        Action = "mute"
	Snapshot    Action = "snapshot"
	Rename      Action = "rename"
	Camera      Action = "camera" // Press.Number says which
	Move        Action = "move"   // Press.DX and DY say where to
	Back        Action = "back"
	ZoomIn      Action = "zoom-in"
	ZoomOut     Action = "zoom-out"
	ZoomReset   Action = "zoom-reset"
	Inset       Action = "inset"
	Carry       Action = "carry" // Press.DX and DY say where to
)

// Entry is a row of the table.
type Entry struct {
	Action Action
	Keys   []string // values of KeyboardEvent.key; letters are lower-case and mean both cases
	Shift  bool     // with the Shift key; only letters and keys with names tell it apart
	Repeat bool     // acts again and again while it is held
	Shown  string   // the key as the help sheet shows it: English, for words.Say
	Text   string   // what it does: English, for words.Say
}

// Table is all keys, in the order of the help sheet. It must not be changed.
var Table = []Entry{
	{Action: Move, Keys: arrows, Repeat: true, Shown: words.Later("Arrow keys"), Text: words.Later("Go from camera to camera")},
	{Action: Carry, Keys: arrows, Shift: true, Repeat: true, Shown: words.Later("Shift and arrow keys"), Text: words.Later("Move the camera to another place")},
	{Action: Camera, Keys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, Shown: words.Later("1 to 9"), Text: words.Later("Show that camera in full size")},
	{Action: Back, Keys: []string{"Escape", "GoBack", "BrowserBack"}, Shown: words.Later("Esc"), Text: words.Later("Back to all cameras")},
	{Action: Fullscreen, Keys: []string{"f"}, Shown: "F", Text: words.Later("Fill the screen, or stop filling it")},
	{Action: Snapshot, Keys: []string{"s"}, Shown: "S", Text: words.Later("Save the picture")},
	{Action: Mute, Keys: []string{"m"}, Shown: "M", Text: words.Later("Sound on or off")},
	{Action: ZoomIn, Keys: []string{"+", "="}, Repeat: true, Shown: "+", Text: words.Later("Enlarge the picture")},
	{Action: ZoomOut, Keys: []string{"-"}, Repeat: true, Shown: "−", Text: words.Later("Make it smaller again")},
	{Action: ZoomReset, Keys: []string{"0"}, Shown: "0", Text: words.Later("Show the whole picture")},
	{Action: Inset, Keys: []string{"p"}, Shown: "P", Text: words.Later("Show a second camera in the corner")},
	{Action: Rename, Keys: []string{"n"}, Shown: "N", Text: words.Later("Give the camera another name")},
	{Action: Devices, Keys: []string{"d"}, Shown: "D", Text: words.Later("Devices")},
	{Action: Diagnostics, Keys: []string{"i"}, Shown: "I", Text: words.Later("What is going on: diagnostics")},
	{Action: Help, Keys: []string{"?"}, Shown: "?", Text: words.Later("This list of keys")},
}

var arrows = []string{"ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"}
