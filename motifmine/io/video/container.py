"""Opening media files with FFmpeg: a path is always a file, and a playlist is no recording."""

from pathlib import Path

import av
from av.container import InputContainer

from motifmine.io.regular import refuse_special_file

VIDEO_FORMATS = (
    "3dostr,asf,av1,avi,cavsvideo,cine,dhav,dirac,dnxhd,dv,evc,flv,frm,gif,gxf,h261,h263,h264,hevc,"
    "ifv,ipmovie,ipu,ivf,lmlm4,lxf,m4v,matroska,webm,mjpeg,mlv,mov,mp4,3gp,3g2,mj2,mpeg,mpegts,"
    "mpegvideo,mpjpeg,mxf,nsv,nut,nuv,obu,ogg,rm,ser,smjpeg,swf,vc1,vc1test,vvc,wtv,yuv4mpegpipe"
)
SOUND_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,caf,dts,eac3,flac,matroska,webm,mov,mp4,m4a,mp3,mpc,mpc8,ogg,"
    "shn,tak,tta,voc,w64,wav,wv"
)
"""Formats of FFmpeg that hold what they show. Those that name other files or addresses (concat,
hls, dash, sdp, image2, ...) or that read a device are not recordings."""


def open_container(path: Path, formats: str) -> InputContainer:
    """Open a media file of one of some formats for reading.

    Parameters
    ----------
    path : Path
        Never an address: `a:b.mp4` and `concat:x` are files.
    formats : str
        Names of FFmpeg's demultiplexers, separated by commas.

    Raises
    ------
    av.FFmpegError, OSError
        When it is none of these formats, or cannot be read.
    FormatError
        When it is a pipe or a device.
    """
    refuse_special_file(path)
    return av.open(
        f"file:{path.absolute()}",
        metadata_errors="replace",
        options={"protocol_whitelist": "file", "format_whitelist": formats},
    )
