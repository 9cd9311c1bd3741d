#!/usr/bin/env bash
# Makes the clips that cameras play in the demo and in tests, with FFmpeg alone. Every clip is an Annex B byte stream without
# B-frames, with an access unit delimiter before each picture and its parameter sets before each key picture.
#
#   make.sh demo                     camera/demo/main.h264 and sub.h264, which are committed: run it only to change the scene
#   make.sh seed                     test/rtspcam/testdata, committed too
#   make.sh barcode NAME WxH BITRATE SECONDS CAMERA OFFSET [CODEC]
#                                    build/clips/NAME-main.CODEC at 30 fps and NAME-sub.CODEC, 640x360 at 15 fps
#
# A barcode clip carries a strip of 18 cells in the upper left corner, each 1/48 of the picture's width and 1/27 of its height:
# white, black, 12 bits of the frame's number and 4 bits of the camera, the lowest bit first. The number of main frame n is
# OFFSET + n modulo 4096; sub frame n shows the same instant as main frame 2n and carries its number.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

die() {
	echo "make.sh: $*" >&2
	exit 1
}

encode() { # encode CODEC GOP BITRATE: the encoder's arguments for one output
	local codec=$1 gop=$2 rate=$3
	case $codec in
	h264)
		echo "-c:v libx264 -preset ${PRESET:-veryfast} -profile:v main -tune zerolatency -bf 0 -g $gop -keyint_min $gop" \
			"-sc_threshold 0 -b:v $rate -maxrate $rate -bufsize $rate" \
			"-x264-params ${X264:-}aud=1:slices=1:sliced-threads=0:ref=1:repeat-headers=1 -bsf:v filter_units=remove_types=6 -f h264"
		;;
	h265)
		echo "-c:v libx265 -preset ultrafast -tune zerolatency -b:v $rate -maxrate $rate -bufsize $rate" \
			"-x265-params log-level=error:aud=1:repeat-headers=1:bframes=0:keyint=$gop:min-keyint=$gop:scenecut=0:info=0 -f hevc"
		;;
	*) die "no codec $codec: use h264 or h265" ;;
	esac
}

# scene prints the filter graph of the demo camera: a bay at dusk, whose every motion repeats after 20 seconds. T is in seconds.
scene() {
	local ridges headland
	# Heights (picture rows) of the far ridge, the near ridge and the headland in each column, kept in variables 0 to 2.
	ridges="st(0\,322-38*sin(X/205+1.2)-25*sin(X/93+2)-10*sin(X/41)-4*sin(X/17+1)-2*sin(X/7))"
	ridges="$ridges;st(1\,398-24*sin(X/240+3.6)-14*sin(X/117+.7)-7*sin(X/49)-3*sin(X/19)-1.5*sin(X/6))"
	headland="st(2\,440-76*exp(-pow((X-128)/118\,4))-5*sin(X/23)*lt(X\,300)-2*sin(X/8)*lt(X\,300)+pow(max(0\,X-250)/60\,2)*9)"
	# The lighthouse: a tapering tower, its gallery, the lamp room and the roof.
	local tower="max(max(between(Y\,262\,380)*lt(abs(X-150)\,8+(Y-262)/26)\,between(Y\,257\,262)*lt(abs(X-150)\,13))\,max(between(Y\,241\,257)*lt(abs(X-150)\,7)\,between(Y\,229\,241)*lt(abs(X-150)\,(Y-228)*.8)))"
	local window="between(Y\,243\,255)*lt(abs(X-150)\,5)"
	local boat="max(gt(Y\,86)*lt(Y\,99)*lt(abs(X-55)\,44-(Y-86)*1.15)\,max(between(Y\,6\,86)*lt(abs(X-53)\,1.2)\,max(between(Y\,10\,80)*between(X\,56\,56+(Y-10)*.5)\,between(Y\,16\,81)*between(X\,51-(Y-16)*.42\,50))))"
	local sail="max(between(Y\,10\,80)*between(X\,56\,56+(Y-10)*.5)\,between(Y\,16\,81)*between(X\,51-(Y-16)*.42\,50))"
	local gull="between(abs(Y-13+(9+6*sin(2*PI*T*25/20))*sin(abs(X-24)/24*2.4)*.62-abs(X-24)*.1)\,0\,1.5-abs(X-24)/26)"
	cat <<G
color=s=1280x440:r=25,format=gbrp,trim=end_frame=1,geq=
 r='clip(14+130*pow(Y/440\,2.1)+84*pow(Y/440\,6)+92*exp(-(pow((X-830)/340\,2)+pow((Y-420)/150\,2)))+150*exp(-(pow((X-830)/60\,2)+pow((Y-385)/60\,2)))+gt(random(1)\,.99965)*lt(Y\,240)*(90+90*random(2)),0,255)':
 g='clip(22+74*pow(Y/440\,1.9)+26*pow(Y/440\,5)+74*exp(-(pow((X-830)/260\,2)+pow((Y-420)/115\,2)))+120*exp(-(pow((X-830)/52\,2)+pow((Y-385)/52\,2)))+gt(random(1)\,.99965)*lt(Y\,240)*(90+90*random(2)),0,255)':
 b='clip(58+66*pow(Y/440\,1.1)-26*pow(Y/440\,5)+12*exp(-(pow((X-830)/200\,2)+pow((Y-420)/90\,2)))+60*exp(-(pow((X-830)/44\,2)+pow((Y-385)/44\,2)))+gt(random(1)\,.99965)*lt(Y\,240)*(90+90*random(2)),0,255)',
 loop=loop=-1:size=1,setpts=N/25/TB[sky];
color=s=320x110:r=25,format=gray,geq=lum='
 clip(170*pow(clip(.36+.26*sin(X/34+Y/9-2*PI*T/20)+.22*sin(X/71-Y/6+2*PI*T/20+1.7)+.16*sin(X/15+Y/4-2*PI*T*2/20+.6)+.10*sin(X/8-Y/3+2*PI*T*2/20)-pow((Y-48)/44\,2)\,0\,1)\,1.5),0,170)',
 scale=1280:440:flags=bicubic,format=gray[cloudmask];
color=c=0xF2A89A:s=1280x440:r=25,format=gbrp[cloudcolour];
[cloudcolour][cloudmask]alphamerge[clouds];
[sky][clouds]overlay=format=gbrp[heaven];
color=s=1280x440:r=25,format=gbrap,trim=end_frame=1,geq=
 r='$ridges;$headland;if(gt($window\,0)\,255\,if(gt($tower\,0)\,58-(X-140)*1.2\,if(gt(Y\,ld(2))\,17+(Y-ld(2))*.05\,if(gt(Y\,ld(1))\,44+(Y-350)*.32\,92+(Y-250)*.36))))':
 g='$ridges;$headland;if(gt($window\,0)\,226\,if(gt($tower\,0)\,54-(X-140)*1.2\,if(gt(Y\,ld(2))\,16+(Y-ld(2))*.04\,if(gt(Y\,ld(1))\,40+(Y-350)*.22\,70+(Y-250)*.27))))':
 b='$ridges;$headland;if(gt($window\,0)\,150\,if(gt($tower\,0)\,72-(X-140)*1.2\,if(gt(Y\,ld(2))\,32+(Y-ld(2))*.05\,if(gt(Y\,ld(1))\,76+(Y-350)*.18\,110+(Y-250)*.10))))':
 a='$ridges;$headland;255*clip(max($tower\,Y-min(min(ld(0)\,ld(1))\,ld(2)))\,0\,1)',
 loop=loop=-1:size=1,setpts=N/25/TB[land];
[heaven][land]overlay=format=gbrp[day];
color=s=640x220:r=25,format=gray,geq=lum='
 st(0\,cos(2*PI*T/10));st(1\,(X-75)*sgn(ld(0)));st(2\,abs(Y-124.5));
 clip(170*exp(-(pow((X-75)/9\,2)+pow((Y-124.5)/9\,2)))
 +190*pow(max(0\,sin(2*PI*T/10))\,24)*exp(-(pow((X-75)/46\,2)+pow((Y-124.5)/40\,2)))
 +120*gt(ld(1)\,0)*exp(-ld(1)/(30+280*abs(ld(0))))*exp(-pow(ld(2)/(3+ld(1)*.055)\,2))*pow(abs(ld(0))\,.6)\,0\,255)',
 scale=1280:440:flags=bicubic,format=gray[lampmask];
color=c=0xFFE9BE:s=1280x440:r=25,format=gbrp[lampcolour];
[lampcolour][lampmask]alphamerge[lamp];
[day][lamp]overlay=format=gbrp,split[upper][mirror];
color=s=110x100:r=25,format=gbrap,trim=end_frame=1,geq=r='if(gt($sail\,0)\,238-(80-Y)*.4\,34)':g='if(gt($sail\,0)\,196-(80-Y)*.3\,26)':b='if(gt($sail\,0)\,176\,40)':a='255*$boat',
 loop=loop=-1:size=1,setpts=N/25/TB,split[boat][boatmirror];
[boatmirror]vflip,scale=110:70,colorchannelmixer=aa=.42[boatdown];
[mirror]vflip,scale=1280:280:flags=area,colorchannelmixer=rr=.84:gg=.78:bb=.88[still];
[still][boatdown]overlay=x='-120+1400*mod(t/20+.52\,1)':y=67:format=gbrp[calm];
color=s=640x140:r=25,format=gray,geq=lum='
 st(0\,log(Y+11));128+(.9+Y/20)*(.62*sin(36*ld(0)-2*PI*T*11/20+2.2*sin(X/63+2*PI*T*2/20))+.38*sin(59*ld(0)+X/23-2*PI*T*17/20))',
 scale=1280:280:flags=bicubic,format=gbrp[rippley];
color=s=640x140:r=25,format=gray,geq=lum='
 st(0\,log(Y+11));128+(1+Y/12)*(.6*sin(29*ld(0)+X/41-2*PI*T*9/20)+.4*sin(47*ld(0)-X/29-2*PI*T*13/20))',
 scale=1280:280:flags=bicubic,format=gbrp[ripplex];
[calm][ripplex][rippley]displace=edge=mirror[sea];
color=s=640x140:r=25,format=gray,geq=lum='
 st(0\,log(Y+11));clip(205*exp(-pow((X-415)/(34+Y*.62)\,2))*pow(max(0\,.5+.5*sin(52*ld(0)+3*sin(X/17+2*PI*T*5/20)-2*PI*T*15/20)*sin(X/(5+Y/22)+5*sin(21*ld(0))+2*PI*T*6/20))\,5)*(1-Y/210)\,0\,235)',
 scale=1280:280:flags=bicubic,format=gray[glintmask];
color=c=0xFFD9A8:s=1280x280:r=25,format=gbrp[glintcolour];
[glintcolour][glintmask]alphamerge[glint];
[sea][glint]overlay=format=gbrp[water];
[upper][water]vstack[bay];
[bay][boat]overlay=x='-120+1400*mod(t/20+.52\,1)':y='410+1.5*sin(2*PI*t*7/20)':format=gbrp[sailing];
color=s=48x26:r=25,format=gbrap,geq=r=26:g=24:b=44:a='255*$gull',split=3[g1][g2][g3];
[g2]scale=36:20[g2s];[g3]scale=30:16[g3s];
[sailing][g1]overlay=x='-60+1400*mod(t/20+.30\,1)':y='150+24*sin(2*PI*t*2/20)':format=gbrp[s1];
[s1][g2s]overlay=x='-60+1400*mod(t/20+.255\,1)':y='182+18*sin(2*PI*t*2/20+.8)':format=gbrp[s2];
[s2][g3s]overlay=x='-60+1400*mod(t/20+.27\,1)':y='128+20*sin(2*PI*t*2/20+.5)':format=gbrp[whole];
G
}

demo() {
	local out=$root/camera/demo graph
	mkdir -p "$out"
	graph=$(mktemp)
	# shellcheck disable=SC2064 # the name is meant to be expanded now
	trap "rm -f '$graph'" EXIT
	{
		scene
		echo "[whole]split[a][b];[a]scale=1280:720:out_color_matrix=bt709:sws_dither=ed,format=yuv420p[main];"
		echo "[b]scale=640:360:flags=area:out_color_matrix=bt709:sws_dither=ed,format=yuv420p[sub]"
	} >"$graph"
	local colour="-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv"
	# shellcheck disable=SC2046,SC2086 # lists of arguments
	ffmpeg -hide_banner -loglevel error -nostdin -y -filter_complex_script "$graph" \
		-map '[main]' -t 20 $colour $(PRESET=slower X264="aq-mode=3:me=umh:" encode h264 50 700k) "$out/main.h264" \
		-map '[sub]' -t 20 $colour $(PRESET=slower X264="aq-mode=3:me=umh:" encode h264 50 200k) "$out/sub.h264"
}

seed() {
	local out=$root/test/rtspcam/testdata
	mkdir -p "$out"
	# shellcheck disable=SC2046 # a list of arguments
	ffmpeg -hide_banner -loglevel error -nostdin -y -f lavfi -i testsrc2=size=128x96:rate=25 -t 2 -vf format=yuv420p \
		$(encode h265 25 40k) "$out/small.h265"
}

barcode_filter() { # barcode_filter WIDTH HEIGHT CAMERA OFFSET
	local cw=$(($1 / 48)) ch=$(($2 / 27)) camera=$3 offset=$4 i x
	printf 'drawbox=x=0:y=0:w=%d:h=%d:color=black:t=fill,drawbox=x=0:y=0:w=%d:h=%d:color=white:t=fill' $((cw * 18)) "$ch" "$cw" "$ch"
	for ((i = 0; i < 12; i++)); do
		x=$(((i + 2) * cw))
		printf ",drawbox=x=%d:y=0:w=%d:h=%d:color=white:t=fill:enable='mod(floor((n+%d)/%d),2)'" $x "$cw" "$ch" "$offset" $((1 << i))
	done
	for ((i = 0; i < 4; i++)); do
		if (((camera >> i) & 1)); then
			printf ',drawbox=x=%d:y=0:w=%d:h=%d:color=white:t=fill' $(((i + 14) * cw)) "$cw" "$ch"
		fi
	done
}

barcode() {
	[ $# -ge 6 ] || die "barcode needs NAME WxH BITRATE SECONDS CAMERA OFFSET [CODEC]"
	local name=$1 size=$2 rate=$3 seconds=$4 camera=$5 offset=$6 codec=${7:-h264}
	local w=${size%x*} h=${size#*x} out=$root/build/clips
	((w % 48 == 0 && h % 27 == 0 && w % 2 == 0 && h % 2 == 0)) || die "size $size: the cells need a width in 48ths and a height in 27ths"
	((camera >= 0 && camera < 16)) || die "camera $camera: 4 bits hold 0 to 15"
	case $name in *[!a-z0-9-]*) die "name $name: use a to z, 0 to 9 and -" ;; esac
	mkdir -p "$out"
	exec 9>"$out/.$name.$codec.lock"
	flock 9
	local made=$out/.$name.$codec.args
	if [ "$made" -nt "$0" ] && [ "$(cat "$made")" = "$*" ]; then
		return
	fi
	rm -f "$made"
	local tmp=$out/.$name-$$
	local strip
	strip=$(barcode_filter "$w" "$h" "$camera" "$offset")
	# shellcheck disable=SC2046 # lists of arguments
	nice ffmpeg -hide_banner -loglevel error -nostdin -y -f lavfi -i "testsrc2=size=$size:rate=30" \
		-filter_complex "[0]noise=alls=6:allf=t,$strip,format=yuv420p,split[main][b];[b]select='not(mod(n,2))',scale=640:360:flags=area[sub]" \
		-map '[main]' -t "$seconds" $(encode "$codec" 60 "$rate") "$tmp-main" \
		-map '[sub]' -r 15 -t "$seconds" $(encode "$codec" 30 400k) "$tmp-sub"
	mv "$tmp-main" "$out/$name-main.$codec"
	mv "$tmp-sub" "$out/$name-sub.$codec"
	echo "$*" >"$made"
}

command -v ffmpeg >/dev/null || die "FFmpeg is missing: install it with apt-get install ffmpeg"
case ${1:-} in
demo | seed) "$1" ;;
barcode)
	shift
	barcode "$@"
	;;
*) die "usage: make.sh demo | seed | barcode NAME WxH BITRATE SECONDS CAMERA OFFSET [CODEC]" ;;
esac
